/**
 * A path that a user typed, as the command's own folder makes it: the engine that reads it later may run
 * in another one.
 */
export function absolutePath(cwd: string, path: string): string {
  return path.startsWith('/') ? path : `${cwd}/${path}`
}
