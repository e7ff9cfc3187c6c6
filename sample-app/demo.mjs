import { launchWithStore } from './launch.mjs';

await launchWithStore('demo/demo.js');
