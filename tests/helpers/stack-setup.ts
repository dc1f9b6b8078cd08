// Runs before each test file of the projects with a stack.
import { haveStack } from './stack.ts';

await haveStack();
