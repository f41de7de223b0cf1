import { parseInteger } from '../../container/parse/integer.ts'
import { parseSignal, signalName } from '../../container/parse/signal.ts'
import type { StopOptions } from '../engine.ts'
import { alias, flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'

/** Flags of stop and restart. */
export function stopFlags(): FlagSpec[] {
  return [
    flag('string', 'signal,s', 'Signal to send to the container'),
    flag('int', 'timeout,t', 'Seconds to wait before killing the container'),
    alias('int', 'time', 'timeout'),
  ]
}

/** @throws {OperationError} INVALID_ARGUMENT */
export function readStopFlags(flags: ParsedFlags): StopOptions {
  const [signal, timeout] = [flags.string('signal'), flags.string('timeout')]
  return {
    ...(signal === undefined ? {} : { signal: signalName(parseSignal(signal)) }),
    ...(timeout === undefined
      ? {}
      : { timeout: parseInteger('timeout', timeout, -1, 2 ** 31 - 1) }),
  }
}
