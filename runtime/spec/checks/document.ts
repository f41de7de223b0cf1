import type { Config } from '../config.ts'
import { hookMoments } from '../hooks.ts'
import { formatPath } from '../problem.ts'
import type { Report } from '../problem.ts'

/** A string must be read by C as it stands: the kernel would stop at the NUL and use another name. */
export function checkNulBytes(config: Config, report: Report): void {
  visitStrings(config, [], (path, text) => {
    if (text.includes('\0')) report(formatPath(path), 'no NUL character', text)
  })
}

function visitStrings(
  value: unknown,
  path: readonly PropertyKey[],
  visit: (path: readonly PropertyKey[], text: string) => void,
): void {
  if (typeof value === 'string') return visit(path, value)
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    value.forEach((item, index) => visitStrings(item, [...path, index], visit))
    return
  }
  for (const [key, member] of Object.entries(value)) {
    if (key.includes('\0')) visit([...path, key], key)
    visitStrings(member, [...path, key], visit)
  }
}

// https://semver.org, without its two rules on the inside of the suffixes.
const semver = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/

/**
 * Any 1.x is compatible with any other; a 1.4 may only hold keys that we ignore, as the
 * specification asks. Before 1.0 there was no promise, but tools still write 0.x and mean the same.
 */
export function checkOciVersion({ ociVersion }: Config, report: Report): void {
  const match = semver.exec(ociVersion)
  if (match === null) report('ociVersion', 'a version such as 1.3.0', ociVersion)
  else if (Number(match[1]) > 1) report('ociVersion', 'a version of 1.x, such as 1.3.0', ociVersion)
}

export function checkRoot({ root }: Config, report: Report): void {
  if (root.path === '') report('root.path', 'a path', root.path)
}

export function checkAnnotations({ annotations }: Config, report: Report): void {
  if (annotations !== undefined && Object.hasOwn(annotations, ''))
    report('annotations', 'keys that are not empty')
}

export function checkHooks({ hooks }: Config, report: Report): void {
  for (const moment of hookMoments)
    hooks?.[moment]?.forEach((hook, index) => {
      const path = `hooks.${moment}[${index}]`
      if (!hook.path.startsWith('/')) report(`${path}.path`, 'an absolute path', hook.path)
      if (hook.timeout !== undefined && hook.timeout <= 0)
        report(`${path}.timeout`, 'at least 1 second', hook.timeout)
    })
}
