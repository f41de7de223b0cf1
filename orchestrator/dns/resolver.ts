import packets from 'dns-packet'
import type { Answer, Packet, Question } from 'dns-packet'
import { makeAnswerCache } from './answer-cache.ts'
import { answerCluster, clusterTtl } from './cluster-answer.ts'
import type { ClusterNames } from './cluster-answer.ts'

/** Asks the servers behind us. @returns undefined where none answers */
export type AskUpstream = (
  question: Uint8Array,
  transport: 'udp' | 'tcp',
) => Promise<Uint8Array | undefined>

/** Bytes in, bytes out; undefined for what is no question, which gets no answer. */
export type Resolve = (
  question: Uint8Array,
  transport: 'udp' | 'tcp',
) => Promise<Uint8Array | undefined>

const SERVFAIL = 2
const NXDOMAIN = 3
/** RFC 1035 4.2.1, and what passes every path without being cut. */
const plainBytes = 512
const mostBytes = 1232

export interface ResolverOptions {
  readonly names: ClusterNames
  readonly askUpstream: AskUpstream
  readonly now?: () => number
}

/** The cluster's names from what it knows, all others from the servers behind it. */
export function makeResolver({ names, askUpstream, now }: ResolverOptions): Resolve {
  const cache = makeAnswerCache(now)
  const forward = (query: Packet, bytes: Uint8Array, transport: 'udp' | 'tcp') =>
    cache.answer(query, () => askUpstream(bytes, transport))
  return async (bytes, transport) => {
    const query = decode(bytes)
    const [question] = query?.questions ?? []
    if (!query || !question) return undefined
    const reply = answerCluster(question, names)
    if (reply.kind === 'unknown') return respond({ query, transport, names, code: NXDOMAIN })
    if (reply.kind === 'answers') {
      const answers = rotate(reply.answers)
      return respond({ query, transport, names, answers, additional: reply.additional })
    }
    if (reply.first.length === 0)
      return (
        (await forward(query, bytes, transport)) ??
        respond({ query, transport, names, code: SERVFAIL })
      )
    const answers = [...reply.first, ...(await follow(reply.name, question, { names, forward }))]
    return respond({ query, transport, names, answers })
  }
}

interface Following {
  readonly names: ClusterNames
  readonly forward: (
    query: Packet,
    bytes: Uint8Array,
    via: 'udp',
  ) => Promise<Uint8Array | undefined>
}

/** Names that lead to names may lead round in circles. */
const mostAliases = 8

/** What the name that a CNAME leads to stands for; it may be one of the cluster's too. */
async function follow(
  name: string,
  question: Pick<Question, 'type'>,
  following: Following,
  left = mostAliases,
): Promise<readonly Answer[]> {
  const { type } = question
  if (type === 'CNAME' || left === 0) return []
  const own = answerCluster({ type, name }, following.names)
  if (own.kind === 'unknown') return []
  if (own.kind === 'answers') return own.answers
  return own.first.length === 0
    ? askElsewhere(name, question, following)
    : [...own.first, ...(await follow(own.name, question, following, left - 1))]
}

async function askElsewhere(
  name: string,
  { type }: Pick<Question, 'type'>,
  { forward }: Following,
): Promise<readonly Answer[]> {
  const query: Packet = {
    type: 'query',
    id: Math.floor(Math.random() * 65_536),
    flags: packets.RECURSION_DESIRED,
    questions: [{ type, name }],
  }
  const answer = await forward(query, packets.encode(query), 'udp')
  return (answer && decode(answer, 'response')?.answers) ?? []
}

function decode(bytes: Uint8Array, type = 'query'): Packet | undefined {
  try {
    const packet = packets.decode(Buffer.from(bytes))
    return packet.type === type ? packet : undefined
  } catch {
    // Not DNS: no answer is the answer, else two servers could keep each other busy.
    return undefined
  }
}

interface Response {
  readonly query: Packet
  readonly transport: 'udp' | 'tcp'
  readonly names: ClusterNames
  readonly code?: number
  readonly answers?: readonly Answer[] | undefined
  readonly additional?: readonly Answer[] | undefined
}

function respond(response: Response): Uint8Array {
  const { query, transport, names, code = 0, answers = [], additional = [] } = response
  const options = (query.additionals ?? []).find((one) => one.type === 'OPT')
  const size = options && 'udpPayloadSize' in options ? options.udpPayloadSize : 0
  const extension: Answer[] = options
    ? [{ type: 'OPT', name: '.', udpPayloadSize: mostBytes, flags: 0, options: [] } as never]
    : []
  const wanted = (query.flags ?? 0) & packets.RECURSION_DESIRED
  const encode = (flags: number, some: readonly Answer[], more: readonly Answer[]): Uint8Array =>
    packets.encode({
      type: 'response',
      id: query.id ?? 0,
      flags: wanted | packets.RECURSION_AVAILABLE | packets.AUTHORITATIVE_ANSWER | code | flags,
      questions: query.questions ?? [],
      answers: [...some],
      authorities: some.length > 0 || flags !== 0 ? [] : [startOfAuthority(names.domain)],
      additionals: [...more, ...extension],
    })
  const whole = encode(0, answers, additional)
  const limit = transport === 'tcp' ? Infinity : Math.min(mostBytes, Math.max(plainBytes, size))
  if (whole.length <= limit) return whole
  const short = encode(0, answers, [])
  return short.length <= limit ? short : encode(packets.TRUNCATED_RESPONSE, [], [])
}

function startOfAuthority(domain: string): Answer {
  return {
    type: 'SOA',
    name: domain,
    ttl: clusterTtl,
    data: {
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: clusterTtl,
    },
  }
}

/** Each answer starts with another address: who takes the first shares the load. */
function rotate<Item>(items: readonly Item[]): Item[] {
  const start = Math.floor(Math.random() * items.length)
  return [...items.slice(start), ...items.slice(0, start)]
}
