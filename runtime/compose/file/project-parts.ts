import { OperationError } from '../../../native/error.ts'
import type { ContentSource, ProjectNetwork, ProjectVolume } from '../model/project.ts'
import type { Service } from '../model/service.ts'
import type { Draft } from './draft.ts'
import { present, toFlag, toTexts } from './spelling.ts'

type External = boolean | string | { readonly name?: string | undefined } | undefined

/** `external: true`, or the older `external: {name: …}`. */
function isExternal(external: External): boolean {
  return typeof external === 'object' || toFlag(external) === true
}

function externalName(external: External, name: string | undefined): string | undefined {
  return name ?? (typeof external === 'object' ? external.name : undefined)
}

/** Those of the file, and `default` where a service names none. */
export function projectNetworks(
  written: Draft['networks'],
  project: string,
  services: Readonly<Record<string, Service>>,
): Record<string, ProjectNetwork> {
  const needsDefault = Object.values(services).some(
    ({ networks, networkMode }) =>
      networkMode === undefined && (networks === undefined || Object.keys(networks).length === 0),
  )
  const all: Draft['networks'] = { ...(needsDefault ? { default: null } : {}), ...written }
  return Object.fromEntries(
    Object.entries(all).map(([key, network]) => {
      const external = isExternal(network?.external)
      const configs = network?.ipam?.config ?? []
      const own = externalName(network?.external, network?.name)
      const values: ProjectNetwork = present({
        name: own ?? (external ? key : `${project}_${key}`),
        external,
        driver: network?.driver,
        driverOptions: toTexts(network?.driver_opts) ?? {},
        internal: toFlag(network?.internal) ?? false,
        ipv4: toFlag(network?.enable_ipv4) ?? true,
        ipv6: toFlag(network?.enable_ipv6) ?? false,
        subnets: configs.flatMap(({ subnet }) => subnet ?? []),
        gateways: configs.flatMap(({ gateway }) => gateway ?? []),
        ipRanges: configs.flatMap(({ ip_range: range }) => range ?? []),
        reserved: Object.fromEntries(
          configs.flatMap((one) => Object.entries(toTexts(one.aux_addresses) ?? {})),
        ),
        labels: toTexts(network?.labels) ?? {},
      })
      return [key, values]
    }),
  )
}

export function projectVolumes(
  written: Draft['volumes'],
  project: string,
): Record<string, ProjectVolume> {
  return Object.fromEntries(
    Object.entries(written).map(([key, volume]) => {
      const external = isExternal(volume?.external)
      const own = externalName(volume?.external, volume?.name)
      const values: ProjectVolume = present({
        name: own ?? (external ? key : `${project}_${key}`),
        external,
        driver: volume?.driver,
        driverOptions: toTexts(volume?.driver_opts) ?? {},
        labels: toTexts(volume?.labels) ?? {},
      })
      return [key, values]
    }),
  )
}

/** @throws {OperationError} `INVALID_ARGUMENT`: no source, an external one */
export function projectSources(
  kind: 'secrets' | 'configs',
  written: Draft['secrets'],
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, ContentSource> {
  return Object.fromEntries(
    Object.entries(written).map(([key, source]) => {
      const at = `${kind}.${key}`
      const { file, content, environment: variable } = source ?? {}
      if (file !== undefined) return [key, { kind: 'file', path: file }]
      if (content !== undefined) return [key, { kind: 'text', text: content }]
      if (variable === undefined)
        throw new OperationError(
          'INVALID_ARGUMENT',
          isExternal(source?.external) ? `${at}: it is external` : `${at}: it has no source`,
          {},
          { exitCode: 1, hint: 'Say where it comes from: file, environment or content' },
        )
      const text = environment[variable]
      if (text === undefined) return [key, { kind: 'unset', variable }]
      return [key, { kind: 'text', text }]
    }),
  )
}
