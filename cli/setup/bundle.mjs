// Puts the compiled server code and the packages that it uses into a few files. Its code then loads in half the time and takes
// 6 MiB less: Node.js looks up, reads and compiles 20 files instead of 600. tsc's output stays beside it, file by file.
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Packages that read files beside their own code (etcd3 its .proto) find them where they were. */
const ownFolders = {
  name: 'own-folders',
  transform(code, id) {
    if (!id.includes('/node_modules/') || !code.includes('__dirname')) return null;
    return code.replaceAll('__dirname', `(packagesRoot + ${JSON.stringify(`/${relative(root, dirname(id))}`)})`);
  },
};
const PACKAGES_ROOT = "const packagesRoot = import.meta.dirname.replace(/\\/dist\\/bundle$/, '');";

/**
 * `import … from 'node:http'` reads every property of the module, also WebSocket, for which Node.js loads undici: 40 ms and 3 MiB
 * that no agent needs.
 */
const HTTP = '\0http-without-undici';
const httpWithoutUndici = {
  name: 'http-without-undici',
  enforce: 'pre',
  resolveId: (id, _importer, { kind }) => (/^(?:node:)?http$/.test(id) && kind === 'import-statement' ? HTTP : null),
  load(id) {
    if (id !== HTTP) return null;
    const http = Object.getOwnPropertyDescriptors(process.getBuiltinModule('node:http'));
    const plain = Object.keys(http).filter((name) => http[name].get === undefined);
    return `const http = process.getBuiltinModule('node:http');\nexport default http;\nexport const { ${plain.join(', ')} } = http;\n`;
  },
};

await build({
  configFile: false,
  root,
  logLevel: 'warn',
  publicDir: false,
  ssr: { noExternal: true },
  plugins: [ownFolders, httpWithoutUndici],
  build: {
    ssr: true,
    target: 'node24',
    outDir: join(root, 'dist/bundle'),
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      input: { weft: join(root, 'dist/cli/main.js') },
      // ws does without them.
      external: ['bufferutil', 'utf-8-validate'],
      output: { banner: PACKAGES_ROOT, chunkFileNames: '[name]-[hash].js' },
    },
  },
});
