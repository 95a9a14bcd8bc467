import type { PlanBuilder } from '../plan.ts';
import type { PlanInput } from '../plan-input.ts';

/**
 * The images that a plan's containers are made from: one that is missing is reported at its place, or planned as a step of
 * its own where the plan is made to be looked at.
 */
export class ImageNeeds {
  readonly #input: PlanInput;
  readonly #builder: PlanBuilder;
  readonly #planned = new Map<string, string>();

  constructor(input: PlanInput, builder: PlanBuilder) {
    this.#input = input;
    this.#builder = builder;
  }

  /**
   * @param path of the key below the service that names the image.
   * @returns the operation after which it is there; none where it is already.
   */
  need(service: string, image: string, path: readonly string[]): string | undefined {
    const { observed, project, report, missingImages } = this.#input;
    if (observed.images.has(image)) return undefined;
    const { build, pull_policy: policy } = project.services[service] ?? {};
    const isBuilt = path[0] === 'image' && build !== undefined;
    const canBeHad = missingImages === 'planned' && (isBuilt || policy !== 'never');
    if (canBeHad) return this.#plan(service, image, isBuilt);
    report({
      code: 'PROJECT_IMAGE_MISSING',
      path: ['services', service, ...(isBuilt ? ['build'] : path)],
      message: isBuilt
        ? `service "${service}": its image ${image} is not there, and was not built`
        : `service "${service}": no such image: ${image}`,
    });
    return undefined;
  }

  #plan(service: string, image: string, isBuilt: boolean): string {
    const id =
      this.#planned.get(image) ??
      this.#builder.add({
        resource: { kind: 'Image', name: image },
        service,
        action: { kind: isBuilt ? 'buildImage' : 'pullImage', image },
        cause: 'no such image here yet',
      });
    this.#planned.set(image, id);
    return id;
  }
}
