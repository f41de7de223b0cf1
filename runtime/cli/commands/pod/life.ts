import { parseSignal, signalName } from '../../../container/parse/signal.ts'
import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { podVerb } from './each-pod.ts'

// Starts, stops and ends of pods: one command each.

const load = () => import('../../../pod/pod-life.ts')

export const podStartCommand: Command = podVerb({
  summary: 'Start one or more pods',
  act: async (engine, pod, { io }) => (await load()).startPod(engine, pod, io),
})

export const podStopCommand: Command = podVerb({
  summary: 'Stop one or more pods',
  flags: [flag('int', 'time,t', 'Seconds to wait for each container before killing it')],
  mayIgnore: true,
  act: async (engine, pod, { flags }) =>
    (await load()).stopPod(engine, pod, { timeout: flags.number('time') }),
})

export const podRestartCommand: Command = podVerb({
  summary: 'Restart one or more pods',
  isWanted: (status) => status === 'Running' || status === 'Degraded',
  act: async (engine, pod, { io }) => (await load()).restartPod(engine, pod, io),
})

export const podKillCommand: Command = podVerb({
  summary: 'Send a signal to the containers of one or more pods',
  flags: [flag('string', 'signal,s', 'Signal to send', { default: 'KILL' })],
  act: async (engine, pod, { flags }) =>
    (await load()).killPod(engine, pod, signalName(parseSignal(flags.string('signal') ?? 'KILL'))),
})

export const podPauseCommand: Command = podVerb({
  summary: 'Pause one or more pods',
  isWanted: (status) => status === 'Running' || status === 'Degraded',
  act: async (engine, pod) => (await load()).pausePod(engine, pod),
})

export const podUnpauseCommand: Command = podVerb({
  summary: 'Unpause one or more pods',
  act: async (engine, pod) => (await load()).unpausePod(engine, pod),
})

export const podRmCommand: Command = podVerb({
  summary: 'Remove one or more pods with their containers',
  flags: [
    flag('bool', 'force,f', 'Stop and remove pods that run'),
    flag('int', 'time,t', 'Seconds to wait for each running container, with --force'),
  ],
  mayIgnore: true,
  act: async (engine, pod, { flags }) =>
    (await load()).deletePod(engine, pod, {
      force: flags.bool('force'),
      timeout: flags.number('time'),
    }),
})
