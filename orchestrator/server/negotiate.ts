import { notAcceptable } from '../api/status-error.ts'

/** How a client wants to see what it asked for. */
export interface Representation {
  readonly format: 'json' | 'yaml'
  readonly as: 'object' | 'table' | 'metadata' | 'aggregated-discovery'
}

const asNames: Readonly<Record<string, Representation['as']>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
  APIGroupDiscoveryList: 'aggregated-discovery',
}

/** The first of the Accept header that we have; a client that names nothing gets JSON. @throws StatusError 406 */
export function negotiate(
  accept: string | undefined,
  offered: readonly Representation['as'][],
): Representation {
  const usual = { format: 'json', as: 'object' } as const
  if (accept === undefined || accept.trim() === '') return usual
  for (const entry of accept.split(',')) {
    const [type, ...parameters] = entry.split(';').map((part) => part.trim())
    const values = new Map(parameters.map((part) => part.split('=') as [string, string]))
    const as = values.get('as')
    const wanted = as === undefined ? 'object' : asNames[as]
    const version = values.get('v')
    if (wanted === undefined || !offered.includes(wanted)) continue
    if (wanted === 'aggregated-discovery' ? version !== 'v2' : as !== undefined && version !== 'v1')
      continue
    if (type === 'application/yaml') return { format: 'yaml', as: wanted }
    if (
      type === 'application/json' ||
      type === '*/*' ||
      type === 'application/*' ||
      type === 'text/*'
    )
      return { format: 'json', as: wanted }
  }
  throw notAcceptable(['application/json', 'application/yaml'])
}
