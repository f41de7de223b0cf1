// Descriptors of the caller's that the program keeps (`--preserve-fds`), and the end of all others.

import { close } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { F_DUPFD_CLOEXEC, O } from './flags/values.ts'
import type { Slot } from './operand.ts'

/** The first number that no descriptor of the program has. */
export function firstFree({ base }: Compilation): number {
  return 3 + (base.preserved?.count ?? 0)
}

function preservedSlots(c: Compilation): readonly Slot[] {
  return Array.from({ length: c.base.preserved?.count ?? 0 }, (_, index) =>
    c.b.slot(`preserved${index}`),
  )
}

/** Outer half, before the clone: the caller's descriptors from 3 on. */
export function takePreserved(c: Compilation): void {
  const { b, base } = c
  if (base.preserved === undefined || base.preserved.count === 0) return
  const caller = b.slot('caller')
  b.call('pidfd_open', [base.preserved.pid, 0], {
    to: caller,
    why: 'names the process that hands on its descriptors without the danger of a reused pid',
    source: 'pidfd_open(2)',
  })
  for (const [index, slot] of preservedSlots(c).entries())
    b.call('pidfd_getfd', [caller, 3 + index, 0], {
      to: slot,
      why: 'the program was promised this descriptor of the caller’s',
      source: 'pidfd_getfd(2)',
    })
  close(c, caller, 'nothing more is taken from it')
}

/** Outer half, after the clone. */
export function releasePreserved(c: Compilation): void {
  for (const slot of preservedSlots(c))
    close(c, slot, 'whoever lent it must see when the program is done with it')
}

/**
 * Inner half: the caller's descriptors get their numbers. `own` are descriptors that are still needed: they move out of
 * the way, behind those, and are closed by the execve.
 */
export function installPreserved(c: Compilation, own: readonly Slot[]): void {
  const { b } = c
  const slots = preservedSlots(c)
  const first = firstFree(c)
  for (const slot of [...slots, ...own])
    b.call('fcntl', [slot, F_DUPFD_CLOEXEC, first + own.length], {
      to: slot,
      why: 'its number may be one that another descriptor must have',
      source: 'F_DUPFD(2const)',
    })
  for (const [index, slot] of slots.entries())
    b.call('dup3', [slot, 3 + index, 0], {
      why: 'the program finds it under the number that the caller knows',
      source: 'dup(2)',
    })
  for (const [index, slot] of own.entries())
    b.call('dup3', [slot, first + index, O.CLOEXEC], {
      to: slot,
      why: 'right behind those of the program, so that all others can be closed at once',
      source: 'dup(2)',
    })
}
