import type { LandlockPlace, LandlockRules } from '../security/landlock.ts'
import { close } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD, LANDLOCK_RULE_PATH_BENEATH, O } from './flags/values.ts'
import { landlockBeneath, LANDLOCK_BENEATH_DESCRIPTOR, LANDLOCK_RULESET_SIZE } from './structs.ts'

const source = 'landlock(7)'

/** Errors of a kernel without Landlock or with an older one, and of a filter around us that does not know it. */
const absent: readonly string[] = ['ENOSYS', 'EOPNOTSUPP', 'E2BIG', 'EINVAL', 'ENOMSG', 'EPERM']

/**
 * Inner half, while it still has CAP_SYS_ADMIN (which takes the place of no_new_privs) and when there is nothing left to
 * mount: from the last step on no mount can be changed where rights over files are taken.
 */
export function confine(c: Compilation, rules: LandlockRules | undefined): void {
  if (rules === undefined) return
  const { b } = c
  const ruleset = b.slot('ruleset')
  const done = b.label('not confined by Landlock')
  const tolerance = rules.isRequired ? {} : { ignore: absent, ifIgnored: done }
  b.call(
    'landlock_create_ruleset',
    [b.data.words([rules.handled, 0, rules.scoped]), LANDLOCK_RULESET_SIZE, 0],
    { to: ruleset, why: describe(rules), source, ...tolerance },
  )
  for (const place of rules.places) allow(c, place)
  b.call('landlock_restrict_self', [ruleset, 0], {
    why: 'for this process and all that come from it, and for good: not even root inside takes it back',
    source,
    // Sixteen layers is as many as there can be: somebody around us has used them up.
    ...(rules.isRequired ? {} : { ignore: ['E2BIG', 'EPERM'] }),
  })
  close(c, ruleset, 'it is in force')
  b.place(done)
}

function describe({ handled, scoped }: LandlockRules): string {
  if (handled !== 0)
    return 'a layer behind the mounts: nothing is written but below writable ones, whatever happens to their flags'
  return (scoped & 2) === 0
    ? 'a domain of its own: processes that come in later cannot be traced from it, not even with CAP_SYS_PTRACE'
    : 'a domain of its own: neither signals nor abstract sockets reach beyond it, whatever namespaces are shared'
}

function allow(c: Compilation, { path, folder, file }: LandlockPlace): void {
  const { b } = c
  const place = b.slot('file')
  const missing = b.label('not there')
  b.call('openat', [AT_FDCWD, b.text(path), O.PATH | O.CLOEXEC, 0], {
    to: place,
    // Without a rule: nothing is written there.
    ignore: ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES'],
    ifIgnored: missing,
    why: `${path}: writable, as its mount is`,
    source: 'openat(2)',
  })
  const known = b.label('rule added')
  // Pipes and sockets without a name can have no rule, and need none.
  addRule(c, folder, { ignore: ['EINVAL', 'EBADFD'], ifOk: known })
  addRule(c, file, { ignore: ['EBADFD'] })
  b.place(known)
  close(c, place, 'the rule holds it')
  b.place(missing)
}

function addRule(
  c: Compilation,
  rights: number,
  more: Pick<Parameters<Compilation['b']['call']>[2], 'ignore' | 'ifOk'>,
): void {
  const { b } = c
  const rule = landlockBeneath(b.data, rights)
  b.store(b.slot('file'), rule, LANDLOCK_BENEATH_DESCRIPTOR, 4, {
    why: 'the descriptor is known only now',
    source,
  })
  b.call('landlock_add_rule', [b.slot('ruleset'), LANDLOCK_RULE_PATH_BENEATH, rule, 0], {
    why:
      more.ifOk === undefined
        ? 'it is a file: a mount of one alone'
        : 'what lies below may be changed; devices may not be made',
    source,
    ...more,
  })
}
