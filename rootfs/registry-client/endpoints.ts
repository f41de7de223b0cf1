import { OperationError } from '../../native/error.ts'
import { type ImageReference, defaultDomain, repositoryName } from '../reference.ts'
import { type RegistrySettings, settingFor } from './registry-settings.ts'

/** A place that has a repository: the registry of its name, or a mirror. */
export interface Endpoint {
  /** Host with port that the network knows. */
  readonly host: string
  readonly repository: string
  readonly isInsecure: boolean
  /** Name under which its credentials are kept. */
  readonly credentialName: string
}

/**
 * Where a reference is pulled from: mirrors in their order, then its own registry.
 *
 * @throws {OperationError} `ACCESS_DENIED` where the settings block it
 */
export function pullEndpoints(settings: RegistrySettings, reference: ImageReference): Endpoint[] {
  const name = repositoryName(reference)
  const setting = settingFor(settings, name)
  const wanted = reference.digest === undefined ? 'tag-only' : 'digest-only'
  const mirrors = (setting?.mirrors ?? [])
    .filter(({ pullFrom }) => pullFrom === 'all' || pullFrom === wanted)
    .map(({ location, insecure }) =>
      endpointAt(relocate(name, setting?.prefix ?? '', location), insecure),
    )
  return [...mirrors, ownEndpoint(settings, reference)]
}

/** The registry of a reference's own name. @throws {OperationError} `ACCESS_DENIED` where it is blocked */
export function ownEndpoint(settings: RegistrySettings, reference: ImageReference): Endpoint {
  const name = repositoryName(reference)
  const setting = settingFor(settings, name)
  if (setting?.blocked)
    throw new OperationError(
      'ACCESS_DENIED',
      'use a registry',
      { name, prefix: setting.prefix },
      { hint: 'registries.conf blocks it' },
    )
  const location = setting?.location ?? ''
  const place = location === '' ? name : relocate(name, setting?.prefix ?? '', location)
  return endpointAt(place, setting?.insecure ?? false)
}

function relocate(name: string, prefix: string, location: string): string {
  // A wildcard stands for the host.
  if (prefix.startsWith('*.')) return `${location}${name.slice(name.indexOf('/'))}`
  return `${location}${name.slice(prefix.length)}`
}

function endpointAt(place: string, isInsecure: boolean): Endpoint {
  const slash = place.indexOf('/')
  const host = slash === -1 ? place : place.slice(0, slash)
  const repository = slash === -1 ? '' : place.slice(slash + 1)
  return { host: networkHost(host), repository, isInsecure, credentialName: host }
}

/** The registry behind docker.io has another name than its images. */
export function networkHost(host: string): string {
  return host === defaultDomain ? `registry-1.${defaultDomain}` : host
}
