import { seededRandom } from '../../chaos/random.ts'
import type { Random } from '../../chaos/random.ts'

// FUZZ_ROUNDS=100000 for a long run, FUZZ_SEED=7 for another one. What failed comes back with the seed that it names.

const givenRounds = process.env['FUZZ_ROUNDS']
const firstSeed = Number(process.env['FUZZ_SEED'] ?? 1)

/** Milliseconds; a longer run takes as long as it takes. */
export const fuzzTimeout = givenRounds === undefined ? 120_000 : 0

/** @param usual rounds where nobody says how many */
export function* fuzzRounds(usual: number): Generator<{ seed: number; random: Random }> {
  const rounds = Number(givenRounds ?? usual)
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++)
    yield { seed, random: seededRandom(seed) }
}
