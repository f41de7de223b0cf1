// `$(NAME)` in values, commands and arguments.
// https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/

/** What a name stands for; undefined leaves `$(NAME)` as it is. */
export type Lookup = (name: string) => string | undefined

/** One pass: what comes out of a variable is not expanded again. `$$` is a dollar, so that `$$(NAME)` is literal. */
export function expand(text: string, lookup: Lookup): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (whole: string, name: string | undefined) =>
    name === undefined ? '$' : (lookup(name) ?? whole),
  )
}
