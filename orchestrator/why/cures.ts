import { numberAt, textAt } from '../api/object.ts'

// What helps against the usual failures; chosen by the words of the status.

export function cureOfImage(reason: string, image: string, message: string): string {
  if (reason === 'InvalidImageName')
    return 'Write it as [host[:port]/]path[:tag], small letters only'
  if (reason === 'ErrImageNeverPull')
    return `Bring it with "myorch image load ${image}", or set imagePullPolicy to IfNotPresent`
  if (/unauthorized|denied|forbidden|40[13]/i.test(message))
    return 'Name a secret of type kubernetes.io/dockerconfigjson in imagePullSecrets, or check the name'
  return `Check the name; an image of this machine comes with "myorch image load ${image}" (and imagePullPolicy IfNotPresent)`
}

export function cureOfConfig(message: string): string {
  const [, kind, name] = /(configmap|secret) "([^"]+)" not found/i.exec(message) ?? []
  if (kind !== undefined)
    return `Create it: "kubectl create ${kind.toLowerCase() === 'secret' ? 'secret generic' : 'configmap'} ${name} …"; or mark the reference as optional`
  const [, key, what] = /find key (\S+) in (\S+ \S+)/i.exec(message) ?? []
  if (key !== undefined) return `Add the key ${key} to ${what}, or mark the reference as optional`
  if (/non-?root/i.test(message))
    return 'Set runAsUser to a number above 0, or runAsNonRoot to false'
  return 'Change what the message names, in the template that the pod is made of'
}

const killed = 137
const notFound = 127
const notExecutable = 126

/**
 * @param target of `kubectl logs`
 * @param isOver nothing was started after it, so its log is the current one
 */
export function cureOfEnd(ended: unknown, target: string, isOver = false): string {
  const code = numberAt(ended, ['exitCode'])
  const logs = `"kubectl logs ${isOver ? '' : '--previous '}${target}"`
  if (textAt(ended, ['reason']) === 'OOMKilled')
    return 'It needs more memory than its limit: raise resources.limits.memory, or find what grows'
  if (textAt(ended, ['reason']) === 'StartError')
    return /ENOENT|not found|no such file/i.test(textAt(ended, ['message']) ?? '')
      ? 'The image has no such program: correct command and args'
      : 'The cause says which step the kernel refused: change what the container asks for'
  if (code === 0) return 'It has done its work: a Job runs it once; or let its program go on'
  if (code === notFound) return `A program that it calls is not in the image; see ${logs}`
  if (code === notExecutable) return `A program that it calls cannot be executed; see ${logs}`
  if (code === killed)
    return `It was killed: by a liveness probe ("kubectl describe pod"), or at the end of its grace; see ${logs}`
  return `Its last words are in ${logs}`
}
