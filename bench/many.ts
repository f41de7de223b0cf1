import type { Laboratory } from './laboratory.ts'
import type { Measured } from './samples.ts'
import { printTable } from './table.ts'

const idleCount = 1000
/** Starts that are measured with no and with all the idle containers there. */
const sampleCount = 30
const warmUps = 100

/** A start beside nothing, beside a thousand idle containers, and beside nothing once more. */
export async function measureMany({ runtime }: Laboratory): Promise<void> {
  const idle = { image: 'bench', command: ['/bin/sleep', '100000'] }
  const startOne = async (): Promise<number> => {
    const before = performance.now()
    const container = await runtime.run(idle)
    const milliseconds = performance.now() - before
    await container.remove()
    return milliseconds
  }
  const measure = async (title: string): Promise<Measured> => {
    const all: number[] = []
    for (let count = 0; count < sampleCount; count += 1) all.push(await startOne())
    return {
      row: {
        title,
        command: "await runtime.run({ image: 'bench', command: ['/bin/sleep', '100000'] })",
        isOurs: true,
        sample: startOne,
      },
      sorted: all.toSorted((a, b) => a - b),
    }
  }
  for (let count = 0; count < warmUps; count += 1) await startOne()
  const alone = await measure('beside none')
  const others: Awaited<ReturnType<typeof runtime.run>>[] = []
  let crowded: Measured
  try {
    for (let count = 0; count < idleCount; count += 1) others.push(await runtime.run(idle))
    crowded = await measure(`beside ${idleCount} idle containers`)
  } finally {
    for (const container of others) await container.remove()
  }
  const after = await measure('beside none, afterwards')
  printTable({ title: 'start of a container on the bridge, in process', unit: 'ms' }, [
    alone,
    crowded,
    after,
  ])
}
