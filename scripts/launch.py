from inr_experiments.commands.launch import main

main()
