import { spawnSync } from 'node:child_process'

const marker = 'MYCONTAINER_TEST_IN_NEW_NAMESPACE'

/**
 * Run a test file again as the only one in a new network namespace, so that no rule or interface
 * of the host is touched; its report goes to our own output.
 *
 * @returns whether this process is already the one inside
 */
export function inNewNetworkNamespace(file: string): boolean {
  if (process.env[marker] !== undefined) return true
  const env = { ...process.env, [marker]: '1' }
  // Sysctls of the new namespace are below /proc/sys of whoever looks: no mount is needed.
  const { status } = spawnSync('unshare', ['-n', process.execPath, file], { stdio: 'inherit', env })
  process.exitCode = status ?? 1
  return false
}
