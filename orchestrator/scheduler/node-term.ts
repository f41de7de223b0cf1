import { listAt } from '../api/object.ts'
import { matchesRequirement } from '../api/selectors.ts'
import type { LabelRequirement } from '../api/selectors.ts'
import { readRequirement } from './label-match.ts'
import type { NodeFacts } from './node-info.ts'

/** A term of a node selector: all of its parts must hold. */
export interface NodeTerm {
  readonly labels: readonly LabelRequirement[]
  /** The only field of nodes that can be asked for is `metadata.name`. */
  readonly fields: readonly LabelRequirement[]
}

export function readNodeTerm(term: unknown): NodeTerm {
  return {
    labels: listAt(term, ['matchExpressions']).map(readRequirement),
    fields: listAt(term, ['matchFields']).map(readRequirement),
  }
}

/** A term of nothing selects nothing. */
export function matchesTerm(
  { name, labels }: Pick<NodeFacts, 'name' | 'labels'>,
  term: NodeTerm,
): boolean {
  if (term.labels.length === 0 && term.fields.length === 0) return false
  return (
    term.labels.every((requirement) => matchesRequirement(labels, requirement)) &&
    term.fields.every((requirement) => matchesRequirement({ 'metadata.name': name }, requirement))
  )
}
