package main

import "context"

func write(ctx context.Context, out string, list []measured) error { return nil }
