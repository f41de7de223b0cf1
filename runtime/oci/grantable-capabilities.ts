import type { HostFacts } from '../inspect-host/host-facts.ts'
import type { Capabilities, Config, Process } from '../spec/config.ts'

/**
 * The process with no more capabilities than this host can give. The specification wants what cannot be granted warned
 * of, and left out: engines ask for all that they know.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#linux-process
 */
export function grantableProcess(
  process: Process,
  { linux }: Config,
  facts: HostFacts,
  warn: (message: string) => void,
): Process {
  const { capabilities } = process
  if (capabilities === undefined) return process
  // Who makes a user namespace has all capabilities in it.
  const isNewUser = linux?.namespaces?.some(({ type }) => type === 'user') === true
  const known = new Set(isNewUser ? undefined : facts.boundingCapabilities)
  const isGrantable = (name: string): boolean => isNewUser || known.has(name)
  const refused = new Set<string>()
  const reduced: Capabilities = Object.fromEntries(
    Object.entries(capabilities).map(([set, names]) => [
      set,
      names?.filter((name) => isGrantable(name) || !refused.add(name)),
    ]),
  )
  if (refused.size === 0) return process
  warn(`left out capabilities that this host cannot grant: ${[...refused].join(', ')}`)
  return { ...process, capabilities: reduced }
}
