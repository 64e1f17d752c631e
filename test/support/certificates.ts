import { join } from 'node:path';
import { run } from './netns.ts';

export interface CertificateFiles {
  /** PEM, ready for `--etcd-certfile`. */
  readonly cert: string;
  readonly key: string;
}

export interface CertificateAuthority {
  /** PEM, ready for `--etcd-cafile`. */
  readonly ca: string;
  /** A certificate for servers and clients alike. `hosts`: `DNS:localhost`, `IP:127.0.0.1`. */
  issue(request: { readonly name: string; readonly hosts?: readonly string[] }): CertificateFiles;
}

const NEW_KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';

function openssl(folder: string, words: string): void {
  run('sh', '-c', `cd ${folder} && exec openssl ${words} 2>&1`);
}

/** A CA of its own, with its files in `folder` under names that start with `name`. */
export function makeAuthority(folder: string, name = 'ca'): CertificateAuthority {
  openssl(folder, `req -x509 ${NEW_KEY} -keyout ${name}.key -out ${name}.pem -days 2 -subj /CN=weft-test-${name}`);
  return {
    ca: join(folder, `${name}.pem`),
    issue: ({ name: subject, hosts = [] }) => {
      const names = hosts.length === 0 ? '' : `-addext subjectAltName=${hosts.join(',')}`;
      openssl(folder, `req ${NEW_KEY} -keyout ${subject}.key -out ${subject}.csr -subj /CN=${subject} ${names}`);
      openssl(
        folder,
        `x509 -req -in ${subject}.csr -CA ${name}.pem -CAkey ${name}.key -CAcreateserial -out ${subject}.pem -days 2 -copy_extensions copy`,
      );
      return { cert: join(folder, `${subject}.pem`), key: join(folder, `${subject}.key`) };
    },
  };
}
