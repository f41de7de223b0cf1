import { constants } from 'node:os'

/** Linux numbers that node:os does not list. */
const unlisted = [
  ['ENOTBLK', 15],
  ['ELOOP', 40],
  ['ENOMEDIUM', 123],
  ['ENOTSUP', 95],
  ['EUCLEAN', 117],
  ['ESHUTDOWN', 108],
  ['EREMOTE', 66],
  ['ECANCELED', 125],
  ['EBADFD', 77],
] as const

// Made when the first error is reported: most commands report none.
let namesByNumber: ReadonlyMap<number, string> | undefined

function makeNames(): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const [name, number] of [...Object.entries(constants.errno), ...unlisted])
    if (!names.has(number)) names.set(number, name)
  return names
}

/** Kernel errno number to its name, e.g. 2 to "ENOENT"; "errno 4242" where it is unknown. */
export function errnoName(number: number): string {
  namesByNumber ??= makeNames()
  return namesByNumber.get(Math.abs(number)) ?? `errno ${Math.abs(number)}`
}
