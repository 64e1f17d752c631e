import type { ComponentChildren, JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { BlockDeviceView, ContainerView, DevicesView, InterfaceView } from '../wire.ts';
import { nowUnixMs } from './clock.ts';
import { noBlockDevicesWords, noInterfacesWords, type DevicesOf } from './device-words.ts';
import { FactTable, type FactColumn } from './fact-table.tsx';
import { columnByteUnit, formatBytes, formatCount, formatDuration, formatInUnit, formatNumber } from './format.ts';
import { containerPage } from './links.ts';
import { devices, hostOfNode } from './store.ts';

type Columns<Row> = readonly [FactColumn<Row>, ...FactColumn<Row>[]];

type Value<Row> = (row: Row) => number | undefined;

/** Bytes a second, in one unit for all rows. */
function byteRate<Row>(title: string, rows: readonly Row[], value: Value<Row>): FactColumn<Row> {
  const unit = columnByteUnit(rows.map((row) => value(row) ?? 0));
  return { header: `${title}, ${unit.label}/s`, numeric: true, cell: (row) => formatInUnit(value(row), unit) };
}

const perSecond = <Row,>(header: string, value: Value<Row>): FactColumn<Row> => ({
  header,
  numeric: true,
  cell: (row) => formatNumber(value(row)),
});

/** What came in and what went out, counted since the beginning. */
const bothWays = (header: string, value: (row: InterfaceView) => readonly (number | undefined)[]) => ({
  header,
  numeric: true,
  cell: (row: InterfaceView) => value(row).map(formatCount).join(' / '),
});

function interfaceColumns(rows: readonly InterfaceView[]): Columns<InterfaceView> {
  return [
    { header: 'Interface', cell: ({ name }) => <code>{name}</code> },
    byteRate('Received', rows, (row) => row.receiveBytesPerSecond),
    byteRate('Sent', rows, (row) => row.transmitBytesPerSecond),
    perSecond('Packets in/s', (row) => row.receivePacketsPerSecond),
    perSecond('Packets out/s', (row) => row.transmitPacketsPerSecond),
    bothWays('Errors in / out', (row) => [row.receiveErrors, row.transmitErrors]),
    bothWays('Drops in / out', (row) => [row.receiveDropped, row.transmitDropped]),
  ];
}

function blockDeviceColumns(rows: readonly BlockDeviceView[]): Columns<BlockDeviceView> {
  return [
    { header: 'Device', cell: ({ name }) => <code>{name}</code> },
    byteRate('Read', rows, (row) => row.readBytesPerSecond),
    byteRate('Written', rows, (row) => row.writeBytesPerSecond),
    { header: 'Read so far', numeric: true, cell: ({ readBytes }) => formatBytes(readBytes) },
    { header: 'Written so far', numeric: true, cell: ({ writeBytes }) => formatBytes(writeBytes) },
  ];
}

/** Whose traffic it is as well. */
function Sharing({ sharedWith, sharedCount }: DevicesView): JSX.Element {
  const further = sharedCount - sharedWith.length;
  return (
    <p class="devices-shared">
      {sharedCount === 0
        ? 'The network is shared with containers that are not shown to you'
        : 'The network is shared with '}
      {sharedWith.map((other, index) => (
        <>
          {index === 0 ? '' : ', '}
          <Link key={other.key} href={containerPage(other)}>
            {other.name}
          </Link>
        </>
      ))}
      {further > 0 ? ` and ${formatCount(further)} more` : ''}: the numbers are those of all of them.
    </p>
  );
}

interface SectionProps {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  /** Said in the place of a table. */
  readonly words: string | undefined;
  readonly children: ComponentChildren;
}

function Section({ id, title, note, words, children }: SectionProps): JSX.Element {
  return (
    <section aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>{title}</h2>
        {words === undefined ? <span class="muted">{note}</span> : null}
      </div>
      {words === undefined ? children : <p class="quiet-line">{words}</p>}
    </section>
  );
}

/** The network of a container by interface and its disk IO by device, as its agent tells them while this is shown. */
export function Devices({ container }: { readonly container: ContainerView }): JSX.Element {
  const told = devices.value?.containers.find(({ key }) => key === container.key);
  const host = hostOfNode.value.get(container.nodeId);
  const known: DevicesOf = { network: container.network, told, host };
  const isOld = host?.state !== 'live' && told?.toldAtUnixMs !== undefined;
  const note = (now: string): string =>
    isOld ? `as of ${formatDuration(nowUnixMs.value - (told.toldAtUnixMs ?? 0))} ago` : now;
  const rowClass = (): string => (isOld ? 'is-stale' : '');
  const interfaces = told?.interfaces ?? [];
  const blockDevices = told?.blockDevices ?? [];
  return (
    <>
      <Section
        id="interfaces-title"
        title="Network by interface"
        note={note('errors and drops since each interface began')}
        words={noInterfacesWords(known)}
      >
        {container.network === 'shared' && told !== undefined ? <Sharing {...told} /> : null}
        <FactTable
          label="Network by interface"
          columns={interfaceColumns(interfaces)}
          rows={interfaces}
          keyOf={({ name }) => name}
          rowClass={rowClass}
        />
      </Section>
      <Section
        id="disks-title"
        title="Disk IO by device"
        note={note('so far: since the container began')}
        words={noBlockDevicesWords(known)}
      >
        <FactTable
          label="Disk IO by device"
          columns={blockDeviceColumns(blockDevices)}
          rows={blockDevices}
          keyOf={({ name }) => name}
          rowClass={rowClass}
        />
      </Section>
    </>
  );
}
