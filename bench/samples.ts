export interface Row {
  readonly title: string
  /** What a user would type, or call, for the same. */
  readonly command: string
  /** One measurement, in the unit of the table. */
  sample(): Promise<number>
  /** Once, before the first round. */
  readonly warmUp?: (() => Promise<void>) | undefined
  /** One of ours: every other row gets a ratio to it. */
  readonly isOurs?: boolean | undefined
}

export interface Measured {
  readonly row: Row
  readonly sorted: readonly number[]
  /** Why there are no samples. */
  readonly problem?: string | undefined
}

/**
 * All rows in turns, A B C A B C …, so that what the machine does meanwhile hits all of them alike.
 * One round more than asked for warms up. A row that fails is out; the others go on.
 */
export async function takeSamples(rows: readonly Row[], rounds: number): Promise<Measured[]> {
  const samples = new Map<Row, number[]>(rows.map((row) => [row, []]))
  const problems = new Map<Row, string>()
  const attempt = async (row: Row, work: () => Promise<void>): Promise<void> => {
    if (problems.has(row)) return
    try {
      await work()
    } catch (error) {
      problems.set(row, error instanceof Error ? error.message : String(error))
    }
  }
  for (const row of rows) if (row.warmUp) await attempt(row, row.warmUp)
  for (let round = 0; round <= rounds; round += 1)
    for (const row of rows)
      await attempt(row, async () => {
        const value = await row.sample()
        if (round > 0) samples.get(row)?.push(value)
      })
  return rows.map((row) => ({
    row,
    sorted: (samples.get(row) ?? []).toSorted((a, b) => a - b),
    problem: problems.get(row),
  }))
}

/** Linear between the two nearest samples. @param part 0…1 */
export function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}
