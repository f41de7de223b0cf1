import type { Laboratory } from './laboratory.ts'
import type { Peer } from './peer.ts'
import { startResidentEngine } from './resident-engine.ts'
import { type Row, takeSamples } from './samples.ts'
import { printTable } from './table.ts'

/** /bin/true in a container that runs already, to its end. */
export async function measureExec(laboratory: Laboratory): Promise<void> {
  const { runtime, shell } = laboratory
  const container = await runtime.run({ image: 'bench', command: ['/bin/sleep', '1000'] })
  const engine = await startResidentEngine(laboratory)
  await shell.time(`${engine.command} run -d --name idle bench /bin/sleep 1000`)
  const idle = laboratory.peers.filter(({ startIdle }) => startIdle !== undefined)
  const names = new Map(idle.map((peer) => [peer, laboratory.newName()]))
  try {
    const command = (title: string, words: string): Row => ({
      title,
      command: words,
      isOurs: true,
      sample: () => shell.time(words),
    })
    const rows: Row[] = [
      {
        title: 'in process',
        command: "await container.exec(['/bin/true'])",
        isOurs: true,
        // As for starts: a program that uses the library has done so before.
        async warmUp() {
          for (let count = 0; count < 150; count += 1) await container.exec(['/bin/true'])
        },
        async sample() {
          const before = performance.now()
          await container.exec(['/bin/true'])
          return performance.now() - before
        },
      },
      command('command, no engine', `mycontainer exec ${container.name} /bin/true`),
      command('command, resident engine', `${engine.command} exec idle /bin/true`),
    ]
    for (const [peer, name] of names) rows.push(await startPeer(laboratory, peer, name))
    printTable(
      { title: 'exec of /bin/true in a running container, to its end', unit: 'ms' },
      await takeSamples(rows, laboratory.runs),
    )
  } finally {
    for (const [peer, name] of names) await removePeer(laboratory, peer, name)
    await shell.time(`${engine.command} rm -f idle`).catch(() => undefined)
    await engine.close()
    await container.remove()
  }
}

async function startPeer({ shell }: Laboratory, peer: Peer, name: string): Promise<Row> {
  await shell.time((peer.startIdle ?? '').replaceAll('{}', name))
  const command = (peer.execTrue ?? '').replaceAll('{}', name)
  return { title: peer.name, command, sample: () => shell.time(command) }
}

/** Also after a failure, when there may be nothing to remove. */
async function removePeer({ shell }: Laboratory, peer: Peer, name: string): Promise<void> {
  await shell.time((peer.removeIdle ?? '').replaceAll('{}', name)).catch(() => undefined)
}
