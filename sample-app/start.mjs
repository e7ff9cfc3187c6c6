import { launch } from './launch.mjs';

await launch('demo/start.js');
