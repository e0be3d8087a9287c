// Which entries of a FIFO are read: those whose number less the head, around the end, is
// below the number of entries. ENTRIES is a power of two.
module fifo_valid #(parameter LEVELS = 5) (
    input [LEVELS-1:0] head, input [LEVELS:0] count, output [(1<<LEVELS)-1:0] valid);
  genvar i;
  generate
    for (i = 0; i < (1 << LEVELS); i = i + 1) begin : entry
      localparam [LEVELS-1:0] INDEX = i;
      wire [LEVELS-1:0] from_head;
      assign from_head = INDEX - head;
      assign valid[i] = {1'b0, from_head} < count;
    end
  endgenerate
endmodule
