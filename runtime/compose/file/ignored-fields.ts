import type { WrittenFile } from './file-schema.ts'

/** Fields of a service that are read and that nothing here acts on. */
const ofServices: ReadonlySet<string> = new Set([
  'cpu_count',
  'cpu_percent',
  'credential_spec',
  'external_links',
  'isolation',
  'models',
  'provider',
  'pull_refresh_after',
  'runtime',
  'use_api_socket',
])

const ofBuilds: ReadonlySet<string> = new Set([
  'additional_contexts',
  'entitlements',
  'extra_hosts',
  'isolation',
  'privileged',
  'provenance',
  'sbom',
  'shm_size',
  'ssh',
  'ulimits',
])

const ofDeployments: ReadonlySet<string> = new Set([
  'endpoint_mode',
  'placement',
  'rollback_config',
  'update_config',
])

/** Where a file says what nothing will come of: its user is to know. */
export function ignoredFields({ services = {} }: WrittenFile): string[] {
  const among = (value: unknown, ignored: ReadonlySet<string>, at: string): string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.keys(value)
          .filter((key) => ignored.has(key))
          .map((key) => `${at}.${key}`)
  return Object.entries(services).flatMap(([name, service]) => {
    const at = `services.${name}`
    return [
      ...among(service, ofServices, at),
      ...among(service.build, ofBuilds, `${at}.build`),
      ...among(service.deploy, ofDeployments, `${at}.deploy`),
    ]
  })
}
