import { constants } from 'node:os'

const namesByNumber = new Map<number, string>()
for (const [name, number] of Object.entries(constants.errno))
  if (!namesByNumber.has(number)) namesByNumber.set(number, name)
// Linux numbers that node:os does not list.
for (const [name, number] of [
  ['ENOTBLK', 15],
  ['ELOOP', 40],
  ['ENOMEDIUM', 123],
  ['ENOTSUP', 95],
  ['EUCLEAN', 117],
  ['ESHUTDOWN', 108],
  ['EREMOTE', 66],
  ['ECANCELED', 125],
] as const)
  if (!namesByNumber.has(number)) namesByNumber.set(number, name)

/** Kernel errno number to its name, e.g. 2 to "ENOENT"; "errno 4242" where it is unknown. */
export function errnoName(number: number): string {
  return namesByNumber.get(Math.abs(number)) ?? `errno ${Math.abs(number)}`
}
