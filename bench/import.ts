import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Laboratory } from './laboratory.ts'
import { type LargeImage, makeLargeImage } from './large-image.ts'
import { type Row, takeSamples } from './samples.ts'
import { printTable } from './table.ts'
import { timeStart } from './workload.ts'

/** A large image into the store of each engine, and what its size does to a start. */
export async function measureImport(laboratory: Laboratory): Promise<void> {
  const folder = join(laboratory.folder, 'large')
  mkdirSync(folder)
  try {
    const image = await makeLargeImage(folder)
    const measured = await takeSamples(importRows(laboratory, image), Math.min(laboratory.runs, 3))
    printTable({ title: 'Import of 225 MB in 20 000 files', unit: 'ms' }, measured)
    await laboratory.shell.time(`myimage load -i ${image.archive}`)
    await measureStartBySize(laboratory)
    await laboratory.shell.time(`myimage rm bench-large`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function importRows(laboratory: Laboratory, { archive, layer }: LargeImage): Row[] {
  const { shell, peers, folder } = laboratory
  const row = (title: string, load: string, unload: string): Row => ({
    title,
    command: load,
    async sample() {
      const took = await shell.time(load)
      await shell.time(unload)
      return took
    },
  })
  const target = join(folder, 'large/unpacked')
  const others = peers.filter(({ name }) => name !== 'podman (runc)')
  return [
    {
      ...row('myimage', `myimage load -i ${archive}`, `myimage rm bench-large`),
      isOurs: true,
    },
    row(
      'tar -x of the layer',
      `mkdir ${target} && tar -C ${target} -xf ${layer}`,
      `rm -r ${target}`,
    ),
    ...others.flatMap(({ name, load, unload = '' }) =>
      load === undefined ? [] : [row(name, load(archive), unload)],
    ),
  ]
}

async function measureStartBySize({ runtime, runs }: Laboratory): Promise<void> {
  const row = (image: string): Row => ({
    title: `image ${image}`,
    command: `await runtime.run({ image: '${image}', command: ['/bin/true'] })`,
    isOurs: true,
    sample: async () => (await timeStart(runtime, { image })).executed,
  })
  printTable(
    { title: "Start in process from a small and from a large image, to exec'ed", unit: 'ms' },
    await takeSamples([row('bench'), row('bench-large')], runs),
  )
}
