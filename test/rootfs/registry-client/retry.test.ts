import t from 'tap'
import {
  type RetryPolicy,
  parseRetryAfter,
  pauseBefore,
} from '../../../rootfs/registry-client/retry.ts'

const policy: RetryPolicy = { attempts: 5, firstMs: 100, longestMs: 1000, patienceMs: 10_000 }

const rows: { title: string; attempt: number; after?: string; random: number; want?: number }[] = [
  { title: 'first pause, shortest', attempt: 0, random: 0, want: 50 },
  { title: 'first pause, longest', attempt: 0, random: 1, want: 100 },
  { title: 'it doubles', attempt: 2, random: 1, want: 400 },
  { title: 'up to a bound', attempt: 20, random: 1, want: 1000 },
  { title: 'never sooner than asked', attempt: 0, after: '3', random: 0, want: 3000 },
  { title: 'and a little later than all others', attempt: 0, after: '3', random: 1, want: 3050 },
  { title: 'not for ever', attempt: 0, after: '3600', random: 0 },
]
for (const { title, attempt, after, random, want } of rows)
  t.test(title, async (t) => t.equal(pauseBefore(policy, attempt, after, random), want))

t.test('Retry-After as a date', async (t) => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  t.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:05 GMT', now), 5000)
  t.equal(parseRetryAfter('Wed, 31 Dec 2025 00:00:05 GMT', now), 0)
  t.equal(parseRetryAfter('soon', now), undefined)
  t.equal(parseRetryAfter(undefined, now), undefined)
})
