import type { Command } from 'commander'
import { addClientFlags } from '../client-flags.ts'
import { configMap } from './config-map.ts'
import { deployment } from './deployment.ts'
import { addGenerator } from './generator.ts'
import { ingress } from './ingress.ts'
import { cronJob, job } from './job.ts'
import { clusterRoleBinding, roleBinding } from './role-bindings.ts'
import { clusterRole, role } from './roles.ts'
import { genericSecret, registrySecret, tlsSecret } from './secret.ts'
import { services } from './service.ts'
import { disruptionBudget, namespace, priorityClass, quota, serviceAccount } from './small-kinds.ts'
import { addCreateToken } from './token.ts'

/** `myorch create KIND NAME …`: objects out of a few words. */
export function addGenerators(create: Command): void {
  addGenerator(create, deployment)
  addGenerator(create, job)
  addGenerator(create, cronJob)
  addGenerator(create, configMap)
  addGenerator(create, namespace)
  addGenerator(create, serviceAccount)
  addGenerator(create, quota)
  addGenerator(create, priorityClass)
  addGenerator(create, disruptionBudget)
  addGenerator(create, ingress)
  addGenerator(create, role)
  addGenerator(create, clusterRole)
  addGenerator(create, roleBinding)
  addGenerator(create, clusterRoleBinding)
  addCreateToken(create)
  const secret = addGroup(create, 'secret', 'What is not for everybody')
  addGenerator(secret, genericSecret)
  addGenerator(secret, tlsSecret)
  addGenerator(secret, registrySecret)
  const service = addGroup(create, 'service', 'One address for several pods').alias('svc')
  for (const each of services) addGenerator(service, each)
}

/** Without a word behind it its help is a failure. */
function addGroup(create: Command, name: string, description: string): Command {
  const group = create.command(name).description(description).enablePositionalOptions()
  return addClientFlags(group).action(() => {
    group.outputHelp({ error: true })
    process.exitCode = 1
  })
}
