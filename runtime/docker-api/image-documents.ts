import { readFileSync } from 'node:fs'
import { type Image } from '../../rootfs/store/image.ts'
import { parseImageConfiguration } from '../../rootfs/store/image-config.ts'
import { readLayerNote } from '../../rootfs/store/layer-note.ts'
import { blobPath, type StoreFolders } from '../../rootfs/store/store-folders.ts'
import { familiarName } from './familiar-name.ts'
import { type JsonObject, objectField, objectOf, textField } from './json-fields.ts'

type Section = Record<string, unknown>

function seconds(image: Image): number {
  return Math.floor((Date.parse(image.config.created ?? '') || image.added) / 1000)
}

function tags({ references }: Image): string[] {
  return references.filter((name) => /:[^/]+$/.test(name) && !name.includes('@')).map(familiarName)
}

function digests({ references, digest }: Image): string[] {
  const repositories = references.map((name) => familiarName(name.replace(/@.*$|:[^/:]+$/, '')))
  return [...new Set(repositories)].map((repository) => `${repository}@${digest}`)
}

/** One of `GET /images/json`. */
export function imageSummary(image: Image): Section {
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: tags(image),
    RepoDigests: digests(image),
    Created: seconds(image),
    Size: image.size,
    VirtualSize: image.size,
    SharedSize: -1,
    Labels: image.config.labels,
    Containers: -1,
  }
}

function documentOf(folders: StoreFolders, image: Image): JsonObject {
  return objectOf(JSON.parse(readFileSync(blobPath(folders, image.id), 'utf8')), 'image')
}

/** `GET /images/NAME/json`. */
export function imageDocument(folders: StoreFolders, image: Image): Section {
  const document = documentOf(folders, image)
  const config = objectField(document, 'config')
  const { diffIds, history } = parseImageConfiguration(JSON.stringify(document))
  return {
    Id: image.id,
    RepoTags: tags(image),
    RepoDigests: digests(image),
    Parent: '',
    Comment: history.at(-1)?.comment ?? '',
    Created: image.config.created ?? new Date(image.added).toISOString(),
    Container: '',
    ContainerConfig: fullConfig({}),
    DockerVersion: textField(document, 'docker_version') ?? '',
    Author: image.config.author ?? '',
    Config: fullConfig(config),
    Architecture: image.config.architecture,
    ...(image.config.variant === undefined ? {} : { Variant: image.config.variant }),
    Os: image.config.os,
    Size: image.size,
    VirtualSize: image.size,
    GraphDriver: { Name: 'overlay2', Data: {} },
    RootFS: { Type: 'layers', Layers: diffIds },
    Metadata: { LastTagTime: new Date(image.added).toISOString() },
  }
}

/** Fields that clients read without asking whether they are there. */
function fullConfig(config: JsonObject): Section {
  return {
    Hostname: '',
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: null,
    Cmd: null,
    Image: '',
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    OnBuild: null,
    Labels: null,
    ...config,
  }
}

/** `GET /images/NAME/history`: newest step first. */
export function imageHistory(folders: StoreFolders, image: Image): Section[] {
  const { history, diffIds } = parseImageConfiguration(
    readFileSync(blobPath(folders, image.id), 'utf8'),
  )
  const sizes = image.layerFolders.map((folder) => {
    const hex = folder.split('/').at(-2) ?? ''
    return readLayerNote(folders, `sha256:${hex}`)?.size ?? 0
  })
  const unknown = {
    created: undefined,
    createdBy: undefined,
    comment: undefined,
    emptyLayer: false,
  }
  const steps = history.length > 0 ? history : diffIds.map(() => unknown)
  let layer = 0
  const rows = steps.map((step): Section => ({
    Id: '<missing>',
    Created: Math.floor((Date.parse(step.created ?? '') || 0) / 1000),
    CreatedBy: step.createdBy ?? '',
    Tags: null,
    Size: step.emptyLayer ? 0 : (sizes[layer++] ?? 0),
    Comment: step.comment ?? '',
  }))
  const last = rows.at(-1)
  if (last) Object.assign(last, { Id: image.id, Tags: tags(image) })
  return rows.toReversed()
}
