import { Cron } from 'croner'
import { isTimeZone } from '../../api/validation/time-zone.ts'

export interface Schedule {
  /** @returns the first time after `after` */
  next(after: Date): Date | undefined
  /** @returns the last time after `after` and not after `until`, and how many there are, counted to a hundred and one */
  lastBetween(after: Date, until: Date): { time: Date; count: number } | undefined
}

const mostCounted = 101

/**
 * @param pattern five fields, or `@hourly` and the like
 * @param timeZone a name of the time zone database. Absent: UTC
 * @throws Error when the pattern or the zone is none
 */
export function parseSchedule(pattern: string, timeZone: string | undefined): Schedule {
  // A zone that is none shows up in the first reckoning only.
  if (timeZone !== undefined && !isTimeZone(timeZone))
    throw new RangeError(`unknown time zone ${timeZone}`)
  const cron = new Cron(pattern, { timezone: timeZone ?? 'Etc/UTC', mode: '5-part' })
  const next = (after: Date): Date | undefined => cron.nextRun(after) ?? undefined
  return {
    next,
    lastBetween: (after, until) => {
      let count = 0
      let last: Date | undefined
      for (
        let time = next(after);
        time && time <= until && count < mostCounted;
        time = next(time)
      ) {
        last = time
        count++
      }
      if (count < mostCounted) return last && { time: last, count }
      // After a long time away, only the latest matters.
      const latest = cron.previousRuns(1, new Date(until.getTime() + 1000))[0]
      return { time: latest ?? last!, count }
    },
  }
}
