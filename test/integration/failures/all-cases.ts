import { composeCases } from './compose-cases.ts'
import { configCases } from './config-cases.ts'
import type { ComposeCase, ConfigCase, LoadCase, RunCase } from './failure-case.ts'
import { loadCases } from './load-cases.ts'
import { optionCases } from './option-cases.ts'
import { programCases } from './program-cases.ts'

/** A table of cases, and who is asked. */
export type Section = {
  readonly key: string
  readonly title: string
  /** Programs whose words are recorded beside ours, in the order of the columns. */
  readonly peers: readonly string[]
} & (
  | { readonly kind: 'run'; readonly cases: readonly RunCase[] }
  | { readonly kind: 'load'; readonly cases: readonly LoadCase[] }
  | { readonly kind: 'config'; readonly cases: readonly ConfigCase[] }
  | { readonly kind: 'compose'; readonly cases: readonly ComposeCase[] }
)

const engines = ['runc', 'podman', 'docker']

export const sections: readonly Section[] = [
  { key: 'programs', title: 'Programs', peers: engines, kind: 'run', cases: programCases },
  { key: 'options', title: 'Options', peers: engines, kind: 'run', cases: optionCases },
  {
    key: 'archives',
    title: 'Archives of images',
    peers: ['podman', 'docker'],
    kind: 'load',
    cases: loadCases,
  },
  {
    key: 'config',
    title: 'config.json',
    peers: ['runc', 'crun'],
    kind: 'config',
    cases: configCases,
  },
  {
    key: 'compose',
    title: 'Compose files',
    peers: ['docker-compose'],
    kind: 'compose',
    cases: composeCases,
  },
]
