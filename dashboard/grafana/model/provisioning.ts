/** What Grafana reads at its start: where the data is, and where the dashboards are. */
export interface Provisioning {
  readonly datasources: object;
  readonly dashboards: object;
}

/** `url`: Prometheus as Grafana reaches it. `folder`: the dashboards as Grafana sees them. */
export function provisioning({ url, folder }: { readonly url: string; readonly folder: string }): Provisioning {
  const jsonData = { httpMethod: 'POST', manageAlerts: true, prometheusType: 'Prometheus', timeInterval: '15s' };
  return {
    datasources: {
      apiVersion: 1,
      datasources: [
        {
          name: 'Prometheus',
          uid: 'weft-prometheus',
          type: 'prometheus',
          access: 'proxy',
          url,
          isDefault: true,
          jsonData,
        },
      ],
    },
    dashboards: {
      apiVersion: 1,
      providers: [
        {
          name: 'weft',
          orgId: 1,
          folder: 'weft',
          folderUid: 'weft',
          type: 'file',
          disableDeletion: true,
          allowUiUpdates: false,
          updateIntervalSeconds: 30,
          options: { path: folder, foldersFromFilesStructure: false },
        },
      ],
    },
  };
}
