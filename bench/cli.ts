import type { Laboratory } from './laboratory.ts'
import { startResidentEngine } from './resident-engine.ts'
import { type Row, takeSamples } from './samples.ts'
import { printTable } from './table.ts'

/** `run --rm … true` typed into a shell, by every engine. */
export async function measureCommands(laboratory: Laboratory): Promise<void> {
  const engine = await startResidentEngine(laboratory)
  try {
    const rows = [...ownRows(laboratory, engine.command), ...peerRows(laboratory)]
    printTable(
      {
        title: 'run of /bin/true from the shell',
        unit: 'ms',
        notes: ['The first row is what a shell needs to start any program at all.'],
      },
      await takeSamples(rows, laboratory.runs),
    )
  } finally {
    await engine.close()
  }
}

function ownRows({ shell }: Laboratory, served: string): Row[] {
  const row = (title: string, command: string): Row => ({
    title,
    command,
    isOurs: true,
    sample: () => shell.time(command),
  })
  return [
    { title: 'busybox true', command: 'busybox true', sample: () => shell.time('busybox true') },
    row('no engine, bridge', `mycontainer run --rm bench /bin/true`),
    row('no engine, no network', `mycontainer run --rm --network none bench /bin/true`),
    row('resident engine, bridge', `${served} run --rm bench /bin/true`),
    row('resident engine, no network', `${served} run --rm --network none bench /bin/true`),
  ]
}

function peerRows({ peers, shell, newName }: Laboratory): Row[] {
  const row = (title: string, command: string): Row => ({
    title,
    command,
    sample: () => shell.time(command.replaceAll('{}', newName())),
  })
  return peers.flatMap(({ name, runTrue, runBridge }) => [
    row(`${name}, no network`, runTrue),
    ...(runBridge === undefined ? [] : [row(`${name}, bridge`, runBridge)]),
  ])
}
