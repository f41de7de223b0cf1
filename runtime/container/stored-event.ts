import type { EngineEvent } from '../cli/engine.ts'
import type { NetworkAttachment } from './state.ts'

// A line of the log of events. It may stand for several events that happen at once, so that whoever starts a container
// writes once, and its monitor needs to know no more than one text for its end. Pure.

interface StoredEvent extends EngineEvent {
  /** By a monitor, which completes an event that was prepared at the start: how the container ended, or when it was. */
  readonly exit?: { readonly exitCode?: number; readonly finishedAt: string }
  readonly networks?: readonly Passage[]
}

/** A network that the container comes into with the event, or leaves. */
interface Passage {
  readonly id: string
  readonly name: string
  readonly type: string
}

/** What the line of a start or an end says of networks. */
export function passages(networks: readonly NetworkAttachment[]): {
  readonly networks?: readonly Passage[]
} {
  if (networks.length === 0) return {}
  return {
    networks: networks.map(({ networkId, network, driver = 'bridge' }) => ({
      id: networkId,
      name: network,
      type: driver,
    })),
  }
}

/** The events of a line, in docker's order: a container is in its networks before it starts, and leaves them when it has ended. */
export function parseEvents(line: string): EngineEvent[] {
  let stored: StoredEvent
  try {
    stored = JSON.parse(line) as StoredEvent
  } catch {
    return [] // Cut off by a crash of the machine.
  }
  const { exit, networks = [], ...written } = stored
  const event = exit ? completed(written, exit) : written
  const isEnd = event.action === 'die'
  const passed = networks.map(({ id, name, type }) => ({
    type: 'network' as const,
    action: isEnd ? 'disconnect' : 'connect',
    id,
    attributes: { container: event.id, name, type },
    time: event.time,
  }))
  return isEnd ? [event, ...passed] : [...passed, event]
}

function completed(event: EngineEvent, exit: NonNullable<StoredEvent['exit']>): EngineEvent {
  const time = exit.finishedAt
  if (event.action !== 'die' && event.action !== 'exec_die') return { ...event, time }
  const exitCode = String(exit.exitCode ?? 0)
  return { ...event, time, attributes: { ...event.attributes, exitCode } }
}
