# ARGS reach the command: make test ARGS="tests/leads -k assign"
LOCAL = @python3 -m prm.local

.PHONY: up test soak bench check fmt words pictures reset shell lock

up: # everything, at http://localhost:8000 or the next free PORT
	$(LOCAL) up

test: # everything that a change can break, the checks among it, on throw-away servers
	$(LOCAL) test $(ARGS)

soak: # the long runs
	$(LOCAL) soak $(ARGS)

bench: # a million leads on throw-away servers, measured; SMALL=1 for a quick look, ARGS=--help for more
	$(LOCAL) bench $(if $(SMALL),--small) $(ARGS)

check: # lint, format, types, imports, migrations, deployment settings
	$(LOCAL) check

fmt: # put the code into its common form
	$(LOCAL) fmt $(ARGS)

words: # bring the catalogues in locale/ up to date; ARGS=it begins a language
	$(LOCAL) words $(ARGS)

pictures: # take docs/pictures/ anew from the demonstration; ARGS=board takes one
	$(LOCAL) pictures $(ARGS)

reset: # delete this folder's database, mail and logs; asks first
	$(LOCAL) reset $(ARGS)

shell: # Django's shell
	$(LOCAL) shell $(ARGS)

lock: # pin the packages anew; ARGS=--upgrade for newer ones
	$(LOCAL) lock $(ARGS)
