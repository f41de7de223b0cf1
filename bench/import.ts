import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Laboratory } from './laboratory.ts'
import { findProgram } from './find-program.ts'
import { type LargeImage, compressedImage, makeLargeImage } from './large-image.ts'
import { type Row, takeSamples } from './samples.ts'
import { printTable } from './table.ts'
import { timeStart } from './workload.ts'

/**
 * A large image into the store of each engine, and what its size does to a start. The engines check
 * digests, keep the blob beside the files, and ours has both on the disk when it ends; tar does none
 * of that, and shows what the files alone cost.
 */
export async function measureImport(laboratory: Laboratory): Promise<void> {
  const folder = join(laboratory.folder, 'large')
  mkdirSync(folder)
  try {
    const image = await makeLargeImage(folder)
    const runs = Math.min(laboratory.runs, 3)
    for (const { title, ...input } of await inputsOf(laboratory, image)) {
      const measured = await takeSamples(importRows(laboratory, input), runs)
      printTable({ title: `Import of 225 MB in 20 000 files, ${title}`, unit: 'ms' }, measured)
    }
    await laboratory.shell.time(`myimage load -i ${image.archive}`)
    await measureStartBySize(laboratory)
    await laboratory.shell.time(`myimage rm bench-large`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface ImportInput extends LargeImage {
  /** OCI layout with the image as "v1", for umoci; absent where that or skopeo is missing. */
  readonly layout: string | undefined
}

/** The image as it is, and with its layer compressed. */
async function inputsOf(
  { shell, folder }: Laboratory,
  image: LargeImage,
): Promise<(ImportInput & { title: string })[]> {
  const zipped = await compressedImage(join(folder, 'large'), image)
  const inputs = [
    { title: 'plain', ...image },
    { title: 'gzip', ...zipped },
  ]
  const hasUmoci = findProgram('umoci') !== undefined && findProgram('skopeo') !== undefined
  const withLayouts: (ImportInput & { title: string })[] = []
  for (const input of inputs) {
    const layout = join(folder, 'large', `layout-${input.title}`)
    if (hasUmoci)
      await shell.time(`skopeo copy -q docker-archive:${input.archive} oci:${layout}:v1`)
    withLayouts.push({ ...input, layout: hasUmoci ? layout : undefined })
  }
  return withLayouts
}

function importRows(laboratory: Laboratory, { archive, layer, layout }: ImportInput): Row[] {
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
  const unpack = layout === undefined ? '' : `umoci unpack --image ${layout}:v1 ${target}`
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
    ...(unpack === '' ? [] : [row('umoci unpack', unpack, `rm -r ${target}`)]),
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
