import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { commitStep, settleCommits } from '../../rootfs/build-steps/commit-step.ts'
import { copyStep } from '../../rootfs/build-steps/copy-step.ts'
import type { CopyRequest } from '../../rootfs/build-steps/copy-request.ts'
import { openContextSource } from '../../rootfs/build-steps/open-source.ts'
import type { RunRequest, RunResult } from '../../rootfs/build-steps/run-request.ts'
import { type StepFolder, makeStepFolder } from '../../rootfs/build-steps/step-folder.ts'
import { openImageStore } from '../../rootfs/store/image-store.ts'
import type { StoredLayer } from '../../rootfs/store/layer-note.ts'
import { type Lease, takeLease } from '../../rootfs/store/lease.ts'
import { layerFolder } from '../../rootfs/store/store-folders.ts'
import { openStepRunner } from '../../runtime/build-step/step-runner.ts'
import { leftovers } from './leftovers.ts'
import { removeNetworks } from './remove-networks.ts'

/** A stage of a build without a Dockerfile: steps are done one by one, each on those before. */
export interface StepBench {
  /** Folder of the test; "context" in it is the build context, "state" the state root. */
  readonly base: string
  readonly context: string
  readonly lease: Lease
  /** Layers so far, lowest first. */
  readonly layers: string[]
  readonly below: string[]
  /** Shell commands in the test's folder. */
  sh(script: string): string
  /** Do a step and put it on top. @returns its layer; undefined where nothing changed */
  step(work: (step: StepFolder) => unknown): Promise<StoredLayer | undefined>
  copy(
    operands: readonly string[],
    destination: string,
    options?: Partial<CopyRequest>,
  ): Promise<StoredLayer | undefined>
  run(
    script: string,
    options?: Partial<RunRequest>,
  ): Promise<RunResult & { output: string; layer: StoredLayer | undefined }>
  /** What the last layer holds: "mode owner path [-> target]", sorted; without times. */
  top(): string[]
}

const makeBase = `
mkdir -p root/bin root/etc root/tmp root/root
cp "$(command -v busybox)" root/bin/busybox
for name in sh ls cat id env rm mkdir ln echo mv touch sleep chmod chown stat find ip mount umount cp dd ps wget; do ln -s busybox root/bin/$name; done
echo 'root:x:0:0:r:/root:/bin/sh
app:x:1000:1001:a:/home/app:/bin/sh' > root/etc/passwd
echo 'root:x:0:
app:x:1001:
staff:x:50:app' > root/etc/group
chmod 1777 root/tmp
mkdir context
`

export const stepTime = { seconds: 1_700_000_000, nanoseconds: 0 }

export async function stepBench(t: Test): Promise<StepBench> {
  const base = mkdtempSync(join(tmpdir(), 'steps-'))
  const root = join(base, 'state')
  const store = openImageStore({ dataDir: join(root, 'data'), runDir: join(root, 'run') })
  const lease = await takeLease(store)
  const runner = openStepRunner(root)
  t.teardown(() => {
    runner.close()
    lease.release()
    store.close()
    removeNetworks(root)
    const left = leftovers(root)
    rmSync(base, { recursive: true, force: true })
    if (left.length > 0) throw new Error(`left of the containers: ${left.join(' ')}`)
  })
  const sh = (script: string): string =>
    execFileSync('sh', ['-ec', script], { cwd: base, encoding: 'utf8' })
  sh(makeBase)
  const layers: string[] = []
  const below: string[] = []
  const bench: StepBench = {
    base,
    context: join(base, 'context'),
    lease,
    layers,
    below,
    sh,
    async step(work) {
      const step = makeStepFolder(lease, layers)
      try {
        await work(step)
        const layer = await commitStep(lease, step, { below, onNote: () => undefined })
        await settleCommits(lease)
        if (layer) {
          below.push(layer.chainId)
          layers.push(layerFolder(lease.folders, layer.chainId))
        }
        return layer
      } finally {
        step.discard()
      }
    },
    copy(operands, destination, options = {}) {
      return bench.step(async (step) => {
        using source = openContextSource(bench.context)
        await copyStep(step, {
          operands: operands.map((pattern) => ({ kind: 'pattern', pattern })),
          source,
          destination,
          link: false,
          parents: false,
          unpack: false,
          time: stepTime,
          ...options,
        })
      })
    },
    async run(script, options = {}) {
      let output = ''
      let result: RunResult = { exitCode: -1, oomKilled: false }
      const layer = await bench.step(async (step) => {
        result = await runner.run({
          step,
          command: ['/bin/sh', '-c', script],
          env: [],
          workdir: '/',
          user: '',
          network: 'none',
          mounts: [],
          onOutput: (_stream, data) => (output += data.toString()),
          ...options,
        })
      })
      return { ...result, output, layer }
    },
    top() {
      const format = String.raw`%M %U:%G %P %l\n`
      const listing = execFileSync('find', ['.', '-mindepth', '1', '-printf', format], {
        cwd: layers.at(-1),
        encoding: 'utf8',
      })
      return listing
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd())
        .toSorted((a, b) => (a.split(' ')[2]! < b.split(' ')[2]! ? -1 : 1))
    },
  }
  await bench.step(({ upper }) => sh(`cp -a root/. ${upper}`))
  return bench
}
