import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './find-program.ts'
import type { Laboratory } from './laboratory.ts'
import { type Row, takeSamples } from './samples.ts'
import { printTable } from './table.ts'

const port = 5791
const registry = `localhost:${port}`

/** Push and pull of 147 MB in one layer over loopback, with Debian's docker-registry at the other end. */
export async function measureRegistry(laboratory: Laboratory): Promise<void> {
  if (!findProgram('docker-registry') || !findProgram('skopeo')) {
    process.stdout.write('# left out: registry: docker-registry or skopeo is not installed\n')
    return
  }
  const folder = join(laboratory.folder, 'client')
  const { shell, runs } = laboratory
  try {
    await shell.time(prepare(folder))
    const rows = [
      row(
        laboratory,
        'myimage copy to a folder',
        pull('myimage', folder),
        `rm -rf ${folder}/out`,
        true,
      ),
      row(laboratory, 'skopeo copy to a folder', pull('skopeo', folder), `rm -rf ${folder}/out`),
      row(
        laboratory,
        'myimage pull, unpacked',
        `myimage pull -q ${registry}/big:1`,
        'myimage rm -af',
      ),
    ]
    printTable({ title: 'Pull of 147 MB', unit: 'ms' }, await takeSamples(rows, runs))
    const empty = `${stop(folder)}; rm -rf ${folder}/data; ${start(folder)}`
    const pushes = [
      row(laboratory, 'myimage copy from a folder', push('myimage', folder), empty, true),
      row(laboratory, 'skopeo copy from a folder', push('skopeo', folder), empty),
    ]
    printTable({ title: 'Push of 147 MB', unit: 'ms' }, await takeSamples(pushes, runs))
  } finally {
    await shell.time(stop(folder))
    rmSync(folder, { recursive: true, force: true })
  }
}

function row(
  { shell }: Laboratory,
  title: string,
  work: string,
  after: string,
  isOurs = false,
): Row {
  return {
    title,
    command: work,
    isOurs,
    async sample() {
      const took = await shell.time(work)
      await shell.time(after)
      return took
    },
  }
}

function pull(program: string, folder: string): string {
  const plain = program === 'skopeo' ? '--src-tls-verify=false' : ''
  return `${program} copy -q ${plain} docker://${registry}/big:1 dir:${folder}/out`
}

function push(program: string, folder: string): string {
  // It would compress a plain layer.
  const plain = program === 'skopeo' ? '--dest-tls-verify=false --preserve-digests' : ''
  return `${program} copy -q ${plain} dir:${folder}/source docker://${registry}/sent:1`
}

/** A layer that does not compress, in the registry and in a folder. In a shell of its own: other benchmarks share ours. */
function prepare(folder: string): string {
  return `( set -e; mkdir -p ${folder}/root; cd ${folder}
printf '{"version":"0.1","storage":{"filesystem":{"rootdirectory":"%s"}},"http":{"addr":"127.0.0.1:%s"},"log":{"level":"error"}}' ${folder}/data ${port} > config.yml
head -c 147000000 /dev/urandom > root/file; tar -cf layer.tar -C root file
myimage import -q layer.tar big:1; rm -r root layer.tar
${start(folder)}
myimage copy -q big:1 dir:${folder}/source
myimage push -q big:1 ${registry}/big:1; myimage rm -af
)`
}

function start(folder: string): string {
  return `{ docker-registry serve ${folder}/config.yml >/dev/null 2>&1 & echo $! > ${folder}/pid; }
for n in $(seq 100); do curl -s -o /dev/null http://${registry}/v2/ && break; sleep 0.05; done`
}

function stop(folder: string): string {
  return `kill $(cat ${folder}/pid); sleep 0.1`
}
