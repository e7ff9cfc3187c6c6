import { types } from 'node:util';
import { bindHost, declareInjection, hostOf, isInjected } from '../host-binding.js';
import { classOf, type HostWrapper, instancesOf, plansBelow, prototypeOfInstance } from '../hosts.js';
import { ResilienceRuntime } from '../runtime/index.js';

type Factory = (...injected: unknown[]) => unknown;

/**
 * Binds instances that Nest did not build itself, and has those bound that factories will make per request. No
 * property of a user's object is read.
 */
export function sweep(wrappers: readonly HostWrapper[], runtime: ResilienceRuntime): void {
  for (const wrapper of wrappers) {
    const built = classOf(wrapper);
    if (built !== undefined && !isToInject(built.prototype)) continue;
    for (const instance of instancesOf(wrapper)) bindIfDecorated(instance, runtime);
    const isMadeLater = wrapper.isTransient === true || !wrapper.isDependencyTreeStatic();
    if (built === undefined && isMadeLater) followFactory(wrapper, runtime);
  }
}

/**
 * Whether a class has decorated methods, but no decorator has asked Nest for the host of its instances: they were
 * copied from another class. From now on it is asked for.
 */
function isToInject(prototype: object): boolean {
  if (isInjected(prototype) || plansBelow(prototype).length === 0) return false;
  declareInjection(prototype);
  return true;
}

/** Binds what has decorated methods and was built by no Nest; an object of two applications belongs to the later. */
function bindIfDecorated(instance: unknown, runtime: ResilienceRuntime): void {
  const prototype = prototypeOfInstance(instance);
  if (prototype === undefined || plansBelow(prototype).length === 0) return;
  const host = hostOf(instance);
  // An instance with a prototype is an object.
  if (host === undefined || ResilienceRuntime.isGenuine(host)) bindHost(instance as object, runtime);
}

const FOLLOWED = new WeakSet<Factory>();

/** Instances of a factory that runs per request do not exist at boot: they are bound as they are made. */
function followFactory(wrapper: HostWrapper, runtime: ResilienceRuntime): void {
  const { metatype: factory } = wrapper;
  if (typeof factory !== 'function' || FOLLOWED.has(factory as Factory)) return;
  const make = factory as Factory;
  const followed = (...injected: unknown[]): unknown => {
    const made = make(...injected);
    if (!types.isPromise(made)) {
      bindIfDecorated(made, runtime);
      return made;
    }
    return made.then((instance: unknown) => {
      bindIfDecorated(instance, runtime);
      return instance;
    });
  };
  FOLLOWED.add(followed);
  wrapper.metatype = followed;
}
