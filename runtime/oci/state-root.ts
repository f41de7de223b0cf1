import { readFileSync } from 'node:fs'

/**
 * Folder of all containers where `--root` names none: volatile, and private to who may change what is in it. The
 * launcher has the same rule (native/shim/oci-request.c).
 */
export function defaultStateRoot(env: NodeJS.ProcessEnv): string {
  const session = env['XDG_RUNTIME_DIR'] ?? ''
  return session !== '' && !isRealRoot() ? `${session}/mycontainer-oci` : '/run/mycontainer-oci'
}

function isRealRoot(): boolean {
  if (process.geteuid?.() !== 0) return false
  try {
    return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'))
  } catch {
    return true
  }
}
