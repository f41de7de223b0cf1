import type { Section } from './all-cases.ts'
import type { ComposeCase, ConfigCase, LoadCase, RunCase } from './failure-case.ts'

/** Whoever can be asked about every kind of case. */
export interface Answering<Answer> {
  readonly run: (each: RunCase) => Promise<Answer>
  readonly load: (each: LoadCase) => Promise<Answer>
  readonly config: (each: ConfigCase) => Promise<Answer>
  readonly compose: (each: ComposeCase) => Promise<Answer>
}

/** The questions of a section, still to be asked. */
export function questions<Answer>(
  section: Section,
  asked: Answering<Answer>,
): { readonly each: Section['cases'][number]; readonly ask: () => Promise<Answer> }[] {
  switch (section.kind) {
    case 'run':
      return section.cases.map((each) => ({ each, ask: () => asked.run(each) }))
    case 'load':
      return section.cases.map((each) => ({ each, ask: () => asked.load(each) }))
    case 'config':
      return section.cases.map((each) => ({ each, ask: () => asked.config(each) }))
    case 'compose':
      return section.cases.map((each) => ({ each, ask: () => asked.compose(each) }))
  }
}
