import { readProgramPages, releaseProgramPages } from '../../native/program-pages.ts'

/** Milliseconds: until a process has done what it does only at its start, and between two times after that. */
const firstMs = 10_000
const everyMs = 60_000

/**
 * Let go, now and then, of what Node's own file is mapped for and is not used any more. Most of what a process of a cluster
 * has resident is code and data that only its start needed: the kernel keeps it mapped as long as there is room.
 *
 * @param onProblem told once; the process goes on as it is
 */
export function giveBackMemory(onProblem: (what: string, error: unknown) => void): void {
  let ranges: ReturnType<typeof readProgramPages> | undefined
  const giveBack = (): void => {
    try {
      ranges ??= readProgramPages()
      releaseProgramPages(ranges)
      setTimeout(giveBack, everyMs).unref()
    } catch (error) {
      onProblem('give memory back', error)
    }
  }
  setTimeout(giveBack, firstMs).unref()
}
