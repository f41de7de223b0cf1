import type { Runtime, RunOptions } from '../runtime/index.ts'
import type { Shell } from './shell.ts'

/** Run /bin/true in process. @returns milliseconds to its execve and to its end */
export async function timeStart(
  runtime: Runtime,
  wish: RunOptions,
): Promise<{ readonly executed: number; readonly ended: number }> {
  const before = performance.now()
  const container = await runtime.run({ image: 'bench', command: ['/bin/true'], ...wish })
  const executed = performance.now() - before
  const { exitCode } = await container.wait()
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}`)
  return { executed, ended: performance.now() - before }
}

/** @returns milliseconds that `count` starts took, `width` of them at a time, all waited for */
export function timeStarts(
  runtime: Runtime,
  count: number,
  width: number,
  wish: RunOptions,
): Promise<number> {
  return timeBatch(() => timeStart(runtime, wish), count, width)
}

/** @returns milliseconds that `count` runs of `start` took, `width` of them at a time */
export async function timeBatch(
  start: () => Promise<unknown>,
  count: number,
  width: number,
): Promise<number> {
  let left = count
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await start()
    }
  }
  const before = performance.now()
  await Promise.all(Array.from({ length: width }, work))
  return performance.now() - before
}

/** The same for commands, from loops of the shell. @param name prefix of the fresh names for `{}` */
export function timeCommands(
  shell: Shell,
  command: string,
  { count, width, name }: { readonly count: number; readonly width: number; readonly name: string },
): Promise<number> {
  const each = command.replaceAll('{}', `${name}-$w-$i`)
  const loop = `i=0; while [ $i -lt ${count / width} ]; do ${each} || exit 1; i=$((i + 1)); done`
  return shell.time(
    `(w=0; jobs=; while [ $w -lt ${width} ]; do (${loop}) & jobs="$jobs $!"; w=$((w + 1)); done; for job in $jobs; do wait $job || exit 1; done)`,
  )
}
