import { join } from 'node:path'

/** Where one engine keeps its state. Two engines with different folders know nothing of each other. */
export interface EngineFolders {
  /** Dies with the boot (tmpfs): leases, sockets, lock files. */
  readonly runDir: string
  /** Stays: containers, images, volumes, networks. */
  readonly dataDir: string
  /** `--root` as an absolute path, or undefined for the user's default folders. */
  readonly root: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Folders for `--root`, else of MYCONTAINER_ROOT, else the default ones of root or of an ordinary
 * user (XDG base directory specification).
 *
 * @param uid the user on the host, also inside our own rootless user namespace
 */
export function engineFolders(
  root: string | undefined,
  env: Environment,
  uid: number,
  cwd: string,
): EngineFolders {
  const chosen = root ?? env['MYCONTAINER_ROOT']
  if (chosen) {
    const absolute = chosen.startsWith('/') ? chosen : join(cwd, chosen)
    return { runDir: join(absolute, 'run'), dataDir: join(absolute, 'data'), root: absolute }
  }
  if (uid === 0)
    return { runDir: '/run/mycontainer', dataDir: '/var/lib/mycontainer', root: undefined }
  const runtime = env['XDG_RUNTIME_DIR']
  const data = env['XDG_DATA_HOME'] || join(env['HOME'] ?? '/', '.local/share')
  return {
    runDir: runtime ? join(runtime, 'mycontainer') : `/tmp/mycontainer-run-${uid}`,
    dataDir: join(data, 'mycontainer'),
    root: undefined,
  }
}

/** The user on the host: inside a rootless user namespace the launcher says who that is. */
export function hostUser(env: Environment): number {
  const rootless = env['MYCONTAINER_ROOTLESS_UID']
  return rootless === undefined ? (process.getuid?.() ?? 0) : Number(rootless)
}
