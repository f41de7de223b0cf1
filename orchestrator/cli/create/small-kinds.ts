import { CommandFailure } from '../resources/session.ts'
import { unset } from './generator.ts'
import type { Generator, GeneratorFlags } from './generator.ts'
import { readInteger, readPairs, splitLists } from './read-flags.ts'

/** `myorch create namespace NAME`. */
export const namespace: Generator<GeneratorFlags> = {
  name: 'namespace',
  aliases: ['ns'],
  description: 'A place for names of their own',
  flags: [],
  build: ({ name }) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { ...unset, name },
    spec: {},
    status: {},
  }),
}

/** `myorch create serviceaccount NAME`. */
export const serviceAccount: Generator<GeneratorFlags> = {
  name: 'serviceaccount',
  failure: 'serviceaccount:',
  aliases: ['sa'],
  description: 'Whom pods can run as',
  flags: [],
  build: ({ name }) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...unset, name } }),
}

interface QuotaFlags extends GeneratorFlags {
  readonly hard?: string
  readonly scopes?: string[]
}

/** `myorch create quota NAME --hard=pods=10,cpu=4`. */
export const quota: Generator<QuotaFlags> = {
  name: 'quota',
  failure: 'quota:',
  aliases: ['resourcequota'],
  description: 'How much a namespace may have',
  flags: [
    ['--hard <amounts>', 'like pods=10,cpu=4'],
    ['--scopes <scope...>', 'of which pods'],
  ],
  build: ({ name, flags }) => {
    const scopes = splitLists(flags.scopes)
    const hard =
      flags.hard === undefined ? undefined : readPairs(flags.hard, 'Invalid argument syntax')
    return {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { ...unset, name },
      spec: { ...(hard ? { hard } : {}), ...(scopes.length > 0 ? { scopes } : {}) },
      status: {},
    }
  },
}

interface PriorityFlags extends GeneratorFlags {
  readonly value?: string
  readonly globalDefault?: boolean
  readonly description?: string
  readonly preemptionPolicy?: string
}

/** `myorch create priorityclass NAME --value=1000`. */
export const priorityClass: Generator<PriorityFlags> = {
  name: 'priorityclass',
  failure: 'priorityclass:',
  aliases: ['pc'],
  description: 'Which pods go first',
  flags: [
    ['--value <number>', 'the higher, the sooner'],
    ['--global-default', 'for pods that name none'],
    ['--description <text>', 'when to use it'],
    ['--preemption-policy <policy>', 'PreemptLowerPriority (the usual) or Never'],
  ],
  build: ({ name, flags }) => {
    return {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { ...unset, name },
      value: readInteger('--value', flags.value, 'create priorityclass') ?? 0,
      preemptionPolicy: flags.preemptionPolicy ?? 'PreemptLowerPriority',
      ...(flags.description ? { description: flags.description } : {}),
      ...(flags.globalDefault ? { globalDefault: true } : {}),
    }
  },
}

interface BudgetFlags extends GeneratorFlags {
  readonly selector?: string
  readonly minAvailable?: string
  readonly maxUnavailable?: string
}

/** `myorch create pdb NAME --selector=app=web --min-available=1`. */
export const disruptionBudget: Generator<BudgetFlags> = {
  name: 'poddisruptionbudget',
  failure: 'poddisruptionbudgets:',
  aliases: ['pdb'],
  description: 'How many pods have to stay',
  flags: [
    ['--selector <labels>', 'which'],
    ['--min-available <count>', 'how many stay, or how many percent'],
    ['--max-unavailable <count>', 'or how many may go'],
  ],
  build: ({ name, flags }) => {
    const { selector, minAvailable, maxUnavailable } = flags
    if (!selector) throw new CommandFailure('a selector must be specified')
    if (!minAvailable === !maxUnavailable)
      throw new CommandFailure(
        minAvailable
          ? 'min-available and max-unavailable cannot be both specified'
          : 'one of min-available or max-unavailable must be specified',
      )
    const matchLabels = readPairs(selector, 'invalid selector')
    const amount = (text: string) => (/^\d+$/.test(text) ? Number(text) : text)
    return {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { ...unset, name },
      spec: {
        selector: { matchLabels },
        ...(minAvailable ? { minAvailable: amount(minAvailable) } : {}),
        ...(maxUnavailable ? { maxUnavailable: amount(maxUnavailable) } : {}),
      },
      status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
    }
  },
}
