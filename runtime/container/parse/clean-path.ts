/**
 * The shortest spelling of an absolute path, worked out on the text alone: no `.`, no `..`,
 * no double or trailing slash. `..` at the root stays at the root.
 */
export function cleanPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}
